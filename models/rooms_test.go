package models_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

type room struct {
	name  string
	files *regexp.Regexp
}

// rooms are what becomes packages, each with its files: one names those before it, and none after it. The other files
// are the words that all share, and name none.
var rooms = []room{
	{"tenant", regexp.MustCompile(`^(access|account|credentials|project.*|session|signing_secret|sso_client|target|` +
		`tenant.*|user)\.go$`)},
}

// roomOf is the index of a file's room; -1: it has words that all share.
func roomOf(file string) int {
	return slices.IndexFunc(rooms, func(r room) bool { return r.files.MatchString(file) })
}

func TestFilesNameEachOtherOneWay(t *testing.T) {
	t.Parallel()
	files := map[string]*ast.File{}
	paths, err := filepath.Glob("*.go")
	modelstest.NoError(t, err)
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, 0)
			modelstest.NoError(t, err)
		}
	}
	home := map[string]int{} // the room of a name
	for path, file := range files {
		if room := roomOf(path); room >= 0 {
			for _, name := range declared(file) {
				home[name] = room
			}
		}
	}
	if len(home) < 50 {
		t.Fatalf("found %d names", len(home))
	}
	for path, file := range files {
		for _, name := range namesIn(file) {
			if room, found := home[name]; found && room > roomOf(path) {
				t.Errorf("%s names %s of the room %s", path, name, rooms[room].name)
			}
		}
	}
}

// declared are the names at the top of a file, the service's methods as they are called, and the methods of ports.
func declared(file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				names = append(names, decl.Name.Name)
			} else if star, ok := decl.Recv.List[0].Type.(*ast.StarExpr); ok && star.X.(*ast.Ident).Name == "Service" {
				names = append(names, "s."+decl.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				names = append(names, specified(spec)...)
			}
		}
	}
	return names
}

func specified(spec ast.Spec) (names []string) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			names = append(names, name.Name)
		}
	case *ast.TypeSpec:
		names = append(names, spec.Name.Name)
		if port, ok := spec.Type.(*ast.InterfaceType); ok {
			for _, method := range port.Methods.List {
				for _, name := range method.Names {
					names = append(names, "tx."+name.Name)
				}
			}
		}
	}
	return names
}

// namesIn are the names that a file has from others: what it does not declare, and what it calls of the service and
// of the store.
func namesIn(file *ast.File) (names []string) {
	fields := map[*ast.Ident]bool{} // of literals
	ast.Inspect(file, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if field, ok := pair.Key.(*ast.Ident); ok {
				fields[field] = true
			}
		}
		if selected, ok := n.(*ast.SelectorExpr); ok {
			switch of := selected.X.(type) {
			case *ast.Ident:
				names = append(names, of.Name+"."+selected.Sel.Name)
			case *ast.SelectorExpr:
				if of.Sel.Name == "store" {
					names = append(names, "tx."+selected.Sel.Name)
				}
			}
		}
		return true
	})
	for _, name := range file.Unresolved {
		if !fields[name] {
			names = append(names, name.Name)
		}
	}
	return names
}
