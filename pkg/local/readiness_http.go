package local

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// probeAgent is how a kubelet calls itself, which some applications look for.
const probeAgent = "kube-probe/1.36"

// tryHTTP asks for a page: any status from 200 to 399 is good (k8s.io/kubernetes
// pkg/probe/http/http.go).
func tryHTTP(pod *corev1.Pod, port uint16, get *corev1.HTTPGetAction) func(context.Context, backend) error {
	target := &url.URL{Scheme: "http", Host: net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(port)))}
	if get.Scheme == corev1.URISchemeHTTPS {
		target.Scheme = "https"
	}
	if path, err := url.Parse(get.Path); err == nil {
		target.Path, target.RawQuery = "/"+strings.TrimPrefix(path.Path, "/"), path.RawQuery
	}
	return func(ctx context.Context, b backend) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
		if err != nil {
			return err
		}
		request.Header.Set("User-Agent", probeAgent)
		request.Header.Set("Accept", "*/*")
		for _, header := range get.HTTPHeaders {
			if http.CanonicalHeaderKey(header.Name) == "Host" {
				request.Host = header.Value
				continue
			}
			request.Header.Set(header.Name, header.Value)
		}
		return ask(request, b, port, nil)
	}
}

// ask sends a request of a probe, on a connection of its own.
func ask(request *http.Request, b backend, port uint16, read func(*http.Response) error) error {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(read == nil)
	protocols.SetUnencryptedHTTP2(read != nil)
	transport := &http.Transport{
		DisableKeepAlives: read == nil,
		Protocols:         protocols,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // as a kubelet does: pods have no names to verify
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dialProbe(ctx, b, port) },
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if next.URL.Hostname() != via[0].URL.Hostname() || len(via) >= 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if read != nil {
		return read(response)
	}
	_, _ = io.CopyN(io.Discard, response.Body, 10<<10) // as much as a kubelet reads
	if response.StatusCode < http.StatusOK || response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("its readiness probe is answered %s", response.Status)
	}
	return nil
}

// tryGRPC asks by the health checking protocol of gRPC, which is one message
// each way (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
func tryGRPC(port uint16, action *corev1.GRPCAction) func(context.Context, backend) error {
	service := ""
	if action.Service != nil {
		service = *action.Service
	}
	return func(ctx context.Context, b backend) error {
		message := append([]byte{0x0a}, binary.AppendUvarint(nil, uint64(len(service)))...)
		message = append(message, service...)
		frame := append([]byte{0}, binary.BigEndian.AppendUint32(nil, uint32(len(message)))...)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://pod/grpc.health.v1.Health/Check",
			bytes.NewReader(append(frame, message...)))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("TE", "trailers")
		request.Header.Set("User-Agent", probeAgent)
		return ask(request, b, port, servingGRPC)
	}
}

// servingGRPC reads the answer: status 1 is SERVING.
func servingGRPC(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil {
		return err
	}
	code := response.Trailer.Get("Grpc-Status") + response.Header.Get("Grpc-Status")
	if response.StatusCode != http.StatusOK || code != "0" {
		return fmt.Errorf("its gRPC health check is answered %s, gRPC status %s", response.Status, code)
	}
	if !bytes.Equal(body, []byte{0, 0, 0, 0, 2, 0x08, 1}) {
		return errors.New("its gRPC health check says that it is not serving")
	}
	return nil
}
