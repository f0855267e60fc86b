// Command release builds what is published of a version:
//
//	go run ./plugins/release archives -version v0.1.0 -dir dist
//	go run ./plugins/release man -version v0.1.0 -dir man
//	go run ./plugins/release notes -version v0.1.0
//	go run ./plugins/release krew -version v0.1.0 -dir dist -template .krew.yaml
//
// The first writes an archive for each platform and their checksums. The same
// sources, version of Go and commit give the same bytes anywhere. The second
// writes the man pages that they hold, the third prints what CHANGELOG.md says of
// the version, and the last writes the krew manifest of these archives, as
// krew-release-bot would.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("say what to make: archives, man, notes or krew")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	version := flags.String("version", "", "version, such as v0.1.0")
	commit := flags.String("commit", "", "commit of the sources, which the program tells as its own")
	dir := flags.String("dir", "dist", "directory of the archives")
	template := flags.String("template", ".krew.yaml", "template of the krew manifest")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if *version == "" {
		return errors.New("give -version")
	}
	switch args[0] {
	case "archives":
		return writeArchives(*version, *commit, *dir)
	case "man":
		return writeManPages(*version, *dir)
	case "notes":
		return printNotes(*version)
	case "krew":
		return writeKrewManifest(*version, *dir, *template)
	}
	return fmt.Errorf("cannot make %q; it is archives or krew", args[0])
}

func printNotes(version string) error {
	changelog, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	notes, err := releaseNotes(string(changelog), version)
	fmt.Print(notes)
	return err
}
