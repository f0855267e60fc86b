package rig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// authority is the certificate authority of one rig, kept in its directory so
// that whoever attaches to the rig can make users.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{key: key}
	template := certificate(pkix.Name{CommonName: "rig"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	return a, writePair(dir, "ca", der, key)
}

func loadAuthority(dir string) (*authority, error) {
	var ders [2][]byte
	for i, name := range []string{"ca.crt", "ca.key"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s is not PEM", name)
		}
		ders[i] = block.Bytes
	}
	cert, err := x509.ParseCertificate(ders[0])
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(ders[1])
	return &authority{cert, key}, err
}

// issue writes NAME.crt and NAME.key for a subject into dir.
func (a *authority) issue(dir, name string, subject pkix.Name, addrs ...net.IP) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := certificate(subject)
	template.IPAddresses = addrs
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	return writePair(dir, name, der, key)
}

func certificate(subject pkix.Name) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      subject,
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func writePair(dir, name string, der []byte, key *ecdsa.PrivateKey) error {
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(dir, name+".crt"), cert, 0o600); err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
	return os.WriteFile(filepath.Join(dir, name+".key"), text, 0o600)
}

// writeKubeconfig makes a kubeconfig for a user of the rig.
func (a *authority) writeKubeconfig(path, server, user string, groups ...string) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), "pki-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := a.issue(dir, "user", pkix.Name{CommonName: user, Organization: groups}); err != nil {
		return err
	}
	auth := clientcmdapi.NewAuthInfo()
	if auth.ClientCertificateData, err = os.ReadFile(filepath.Join(dir, "user.crt")); err != nil {
		return err
	}
	if auth.ClientKeyData, err = os.ReadFile(filepath.Join(dir, "user.key")); err != nil {
		return err
	}
	cluster, kctx := clientcmdapi.NewCluster(), clientcmdapi.NewContext()
	cluster.Server = server
	cluster.CertificateAuthorityData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	kctx.Cluster, kctx.AuthInfo = "rig", user
	config := clientcmdapi.NewConfig()
	config.Clusters["rig"], config.AuthInfos[user], config.Contexts[user] = cluster, auth, kctx
	config.CurrentContext = user
	return clientcmd.WriteToFile(*config, path)
}
