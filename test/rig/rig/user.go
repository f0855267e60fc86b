package rig

import (
	"context"
	"path/filepath"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// User returns the kubeconfig of a user who may do what the rules say, in every
// namespace, and nothing else, until the test ends.
func (c *Cluster) User(t testing.TB, name string, rules ...rbacv1.PolicyRule) string {
	t.Helper()
	path := c.login(t, name)
	if len(rules) == 0 {
		return path
	}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Subjects:   subjects(name),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
	}
	if _, err := c.RBAC().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.RBAC().ClusterRoles().Delete(context.Background(), name, metav1.DeleteOptions{}) })
	if _, err := c.RBAC().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.RBAC().ClusterRoleBindings().Delete(context.Background(), name, metav1.DeleteOptions{}) })
	return path
}

// UserIn is like User for one namespace; the role goes with the namespace.
func (c *Cluster) UserIn(t testing.TB, namespace, name string, rules ...rbacv1.PolicyRule) string {
	t.Helper()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Subjects:   subjects(name),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	}
	if _, err := c.RBAC().Roles(namespace).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RBAC().RoleBindings(namespace).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return c.login(t, name)
}

func subjects(user string) []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
}

// login writes the kubeconfig of a user, whom the API server knows by the
// signature of the rig's authority only.
func (c *Cluster) login(t testing.TB, name string) string {
	t.Helper()
	if c.external {
		t.Skipf("skipped: the test makes users, for which it has no authority; unset %s", EnvKubeconfig)
	}
	path := filepath.Join(t.TempDir(), name+".kubeconfig")
	if err := c.ca.writeKubeconfig(path, c.Server, name); err != nil {
		t.Fatal(err)
	}
	return path
}
