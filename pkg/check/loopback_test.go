package check

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func running(args ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Args = args }
}

func withEnv(name, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: name, Value: value}} }
}

func loopbackCases() []ruleCase {
	return []ruleCase{{
		id: "NP216", name: "an address for all", service: service(), in: []any{pod(running("--host", "0.0.0.0"))},
	}, {
		id: "NP216", name: "loopback", service: service(), in: []any{pod(running("--bind", "127.0.0.1"))},
		want: []string{"warning Deployment/shop/web: container web of Deployment web listens on loopback only (--bind 127.0.0.1), " +
			"so target port 300 of port http refuses what comes from outside the pod"},
		fix: "have it listen on all addresses: --bind 0.0.0.0",
	}}
}

func TestSettingsThatBindToLoopback(t *testing.T) {
	for _, test := range []struct {
		pod  func(*corev1.Pod)
		want bool
	}{
		{running("--bind=127.0.0.1:300"), true},
		{running("-listen=127.0.0.1:300"), true},
		{running("--host", "localhost"), true},
		{running("--host=::1"), true},
		{running("-b", "127.0.0.1:300", "app:app"), true},
		{running("sh", "-c", "migrate && exec gunicorn -b localhost:300 app"), true},
		{running("manage.py", "runserver", "127.0.0.1:300"), true},
		{running("postgres", "-c", "listen_addresses=localhost"), true},
		{running("mongod", "--bind_ip", "localhost"), true},
		{running("java", "-Dserver.address=127.0.0.1", "-jar", "app.jar"), true},
		{running("TCP-LISTEN:300,bind=127.0.0.1,fork", "EXEC:cat"), true},
		{running("--http-addr=[::1]:300"), true},
		{running("-http", "127.0.0.1:300"), true},
		{running("--urls", "http://localhost:300"), true},
		{withEnv("HOST", "localhost"), true},
		{withEnv("LISTEN_ADDR", "127.0.0.1:300"), true},
		{withEnv("ASPNETCORE_URLS", "http://localhost:300"), true},
		{withEnv("GUNICORN_CMD_ARGS", "--workers 2 --bind 127.0.0.1:300"), true},
		{withEnv("JAVA_OPTS", "-Xmx1g -Dserver.address=127.0.0.1"), true},

		{running("--bind", "0.0.0.0", "--upstream", "127.0.0.1:8080"), false},
		{running("--metrics-bind-address=127.0.0.1:300"), false},
		{running("--admin-listen", "localhost:300"), false},
		{running("--listen=127.0.0.1:9000", "--listen=0.0.0.0:300"), false},
		{running("--listen=127.0.0.1:9000"), false},
		{running("--bind", "127.0.0.1", "10.0.0.1"), false},
		{running("--bind_ip", "localhost,0.0.0.0"), false},
		{running("-http", "127.0.0.1:8080"), false},
		{running("--server", "localhost"), false},
		{running("--db-host", "localhost"), false},
		{running("--listen", "300"), false},
		{running("--hostname=localhost"), false},
		{running("sh", "-c", "until curl --interface 127.0.0.1 --host localhost; do sleep 1; done; exec web --port 300"), false},
		{withEnv("DB_HOST", "localhost"), false},
		{withEnv("REDIS_URL", "redis://127.0.0.1:6379"), false},
		{withEnv("SERVER_NAME", "localhost"), false},
		{withEnv("HOST", "0.0.0.0"), false},
		{withEnv("HOST", ""), false},
	} {
		p := pod(test.pod)
		t.Run(fmt.Sprint(p.Spec.Containers[0].Args, p.Spec.Containers[0].Env), func(t *testing.T) {
			if _, got := boundToLoopback(&p.Spec.Containers[0], 300); got != test.want {
				t.Errorf("loopback only: %t", got)
			}
		})
	}
}
