package manifest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
)

// sizeLimit is the most that one file may hold. The API server takes 3 MiB an
// object; dumps of whole clusters are larger.
const sizeLimit = 64 << 20

// input is one file, stream or URL.
type input struct {
	// name is how positions call it.
	name string
	// found tells that the file was found in a folder, not named by the user.
	found bool
	open  func(context.Context) (io.ReadCloser, *Problem)
}

// read returns what the input holds, up to the size limit. It returns when the
// context ends even if a pipe or terminal gives nothing.
func (i input) read(ctx context.Context) ([]byte, *Problem) {
	type result struct {
		data    []byte
		problem *Problem
	}
	done := make(chan result, 1)
	go func() {
		data, problem := i.readAll(ctx)
		done <- result{data, problem}
	}()
	select {
	case r := <-done:
		return r.data, r.problem
	case <-ctx.Done():
		return nil, &Problem{Message: fmt.Sprintf("reading %q was interrupted", i.name), cause: ctx.Err()}
	}
}

// Buffered reads a stream as "-" is read: up to the size limit, and until ctx
// ends. It returns what was read, to be read any number of times.
func Buffered(ctx context.Context, stream io.Reader) (io.ReadSeeker, error) {
	data, problem := input{name: stdinName, open: stdin(stream)}.read(ctx)
	if problem != nil {
		return nil, problem
	}
	return bytes.NewReader(data), nil
}

func (i input) readAll(ctx context.Context) ([]byte, *Problem) {
	stream, problem := i.open(ctx)
	if problem != nil {
		return nil, problem
	}
	defer stream.Close()
	data, err := io.ReadAll(io.LimitReader(stream, sizeLimit+1))
	if err != nil {
		return nil, pathProblem(i.name, err)
	}
	if len(data) > sizeLimit {
		return nil, &Problem{
			Message: fmt.Sprintf("%q is larger than %d MiB", i.name, sizeLimit>>20),
			Hint:    "split it, or name only the manifests that matter",
		}
	}
	return data, nil
}

// local opens a file. One that the user named may be a pipe, as those of shells'
// <(…) are; one that was found in a folder must be a regular file.
func local(path string, found bool) func(context.Context) (io.ReadCloser, *Problem) {
	return func(context.Context) (io.ReadCloser, *Problem) {
		open := os.Open
		if found {
			open = openRegular
		}
		file, err := open(path)
		if err != nil {
			return nil, pathProblem(path, err)
		}
		return file, nil
	}
}

func stdin(stream io.Reader) func(context.Context) (io.ReadCloser, *Problem) {
	return func(context.Context) (io.ReadCloser, *Problem) {
		if stream == nil {
			stream = http.NoBody
		}
		return io.NopCloser(stream), nil
	}
}
