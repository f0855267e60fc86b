package author

import "testing"

func TestWords(t *testing.T) {
	external := func(s string) (string, error) { p, err := ParseExternalTrafficPolicy(s); return string(p), err }
	internal := func(s string) (string, error) { p, err := ParseInternalTrafficPolicy(s); return string(p), err }
	affinity := func(s string) (string, error) { p, err := ParseSessionAffinity(s); return string(p), err }
	family := func(s string) (string, error) { p, err := ParseIPFamily(s); return string(p), err }
	policy := func(s string) (string, error) { p, err := ParseIPFamilyPolicy(s); return string(p), err }
	tests := []struct {
		parse         func(string) (string, error)
		in, want, err string
	}{
		{parse: external, in: "Local", want: "Local"},
		{parse: external, in: "cluster", want: "Cluster"},
		{parse: external, in: "locale", err: `external traffic policy "locale" is not "Cluster" or "Local"; did you mean "Local"?`},
		{parse: external, in: "", err: `external traffic policy "" is not "Cluster" or "Local"`},
		{parse: internal, in: "LOCAL", want: "Local"},
		{parse: internal, in: "node", err: `internal traffic policy "node" is not "Cluster" or "Local"`},
		{parse: affinity, in: "clientip", want: "ClientIP"},
		{parse: affinity, in: "client-ip", err: `session affinity "client-ip" is not "None" or "ClientIP"; did you mean "ClientIP"?`},
		{parse: family, in: "ipv6", want: "IPv6"},
		{parse: family, in: "v4", err: `IP family "v4" is not "IPv4" or "IPv6"`},
		{parse: policy, in: "preferdualstack", want: "PreferDualStack"},
		{parse: policy, in: "dual", err: `IP family policy "dual" is not "SingleStack", "PreferDualStack" or "RequireDualStack"`},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			got, err := test.parse(test.in)
			checkError(t, err, test.err)
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
