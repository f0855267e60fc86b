package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
)

const (
	// fetchLimit is how long it may take to fetch a page.
	fetchLimit = time.Minute
	// mostRedirects are followed at most.
	mostRedirects = 5
)

// fetcher follows one URL that the user named. Redirects lead neither from TLS
// to none nor to private addresses, unless the user named such an address: a page
// of the internet must not choose what is fetched from the user's network.
type fetcher struct {
	// private reports that the address that the user named is private. It is set
	// by connections that are tried at the same time.
	private atomic.Bool
	// redirected and proxied are about the request under way.
	redirected, proxied bool
	proxy               func(*http.Request) (*url.URL, error)
}

func remote(client *http.Client, address string) func(context.Context) (io.ReadCloser, *Problem) {
	return func(ctx context.Context) (io.ReadCloser, *Problem) {
		shown := safe.URL(address)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil { // which quotes the password
			return nil, &Problem{Message: fmt.Sprintf("cannot fetch %q: it is not a valid URL", shown)}
		}
		if client == nil {
			client = newFetcher(request).client()
		}
		response, err := client.Do(request)
		if err != nil {
			return nil, fetchProblem(shown, err)
		}
		if response.StatusCode != http.StatusOK {
			response.Body.Close()
			return nil, &Problem{Message: fmt.Sprintf("cannot fetch %q: the server answered %s", shown, response.Status)}
		}
		return response.Body, nil
	}
}

// fetchProblem words an error of the network without repeating the address.
func fetchProblem(address string, err error) *Problem {
	cause := err
	for inner := errors.Unwrap(cause); inner != nil; inner = errors.Unwrap(cause) {
		cause = inner
	}
	return &Problem{Message: fmt.Sprintf("cannot fetch %q: %v", address, cause), cause: err}
}

func newFetcher(request *http.Request) *fetcher {
	f := &fetcher{proxy: http.ProxyFromEnvironment}
	f.proxied = f.isProxied(request)
	f.private.Store(isPrivateName(request.URL.Hostname()))
	return f
}

func (f *fetcher) client() *http.Client {
	dialer := &net.Dialer{Timeout: fetchLimit / 2, Control: f.control}
	transport := &http.Transport{
		Proxy: f.proxy, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		TLSHandshakeTimeout: fetchLimit / 2, ResponseHeaderTimeout: fetchLimit / 2, MaxResponseHeaderBytes: 1 << 20,
	}
	return &http.Client{Transport: transport, CheckRedirect: f.redirect, Timeout: fetchLimit}
}

func (f *fetcher) isProxied(request *http.Request) bool {
	proxy, err := f.proxy(request)
	return err == nil && proxy != nil
}

// redirect implements [http.Client.CheckRedirect].
func (f *fetcher) redirect(request *http.Request, before []*http.Request) error {
	f.redirected, f.proxied = true, f.isProxied(request)
	switch to := safe.URL(request.URL.String()); {
	case len(before) > mostRedirects:
		return fmt.Errorf("it redirects more than %d times", mostRedirects)
	case before[len(before)-1].URL.Scheme == "https" && request.URL.Scheme != "https":
		return fmt.Errorf("it redirects from https to %q; name that URL if it is meant", to)
	case !f.private.Load() && isPrivateName(request.URL.Hostname()):
		return fmt.Errorf("it redirects to %q, which is in a private network; name that URL if it is meant", to)
	}
	return nil
}

// control looks at the address that a name has led to when it is connected to,
// so that no name can stand for another address by then. A proxy is the user's own.
func (f *fetcher) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || f.proxied {
		return err
	}
	switch private := isPrivate(at.Addr()); {
	case !f.redirected:
		if private {
			f.private.Store(true)
		}
	case private && !f.private.Load():
		return fmt.Errorf("it redirects to the private address %s; name that URL if it is meant", at.Addr())
	}
	return nil
}

// isPrivateName reports whether a host is written as a private address, or is
// this machine.
func isPrivateName(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && isPrivate(address)
}

func isPrivate(address netip.Addr) bool {
	address = address.Unmap()
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10) // of carriers, and of some clouds' metadata
	return !address.IsGlobalUnicast() || address.IsPrivate() || shared.Contains(address)
}
