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
)

// sourceFiles are the files of what makes callbacks, by room: these name the engine, and it names none of them.
var sourceFiles = map[string]*regexp.Regexp{
	"crawl": regexp.MustCompile(`^(crawl.*|report_download|payload_crawl)\.go$`),
	"run":   regexp.MustCompile(`^(run.*|payload_run|action|answer|executor|firing|schedule.*|rezone|callback_log)\.go$`),
	"job":   regexp.MustCompile(`^job.*\.go$`),
}

// wiring is where the service is put together, of all rooms.
var wiring = []string{"service.go"}

func roomOf(file string) string {
	for room, files := range sourceFiles {
		if files.MatchString(file) {
			return room
		}
	}
	return ""
}

func TestTheEngineNamesNoSource(t *testing.T) {
	t.Parallel()
	files := map[string]*ast.File{}
	paths, err := filepath.Glob("*.go")
	noError(t, err)
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, 0)
			noError(t, err)
		}
	}
	home := map[string]string{} // the room of a name that a source declares
	for path, file := range files {
		if room := roomOf(path); room != "" {
			for _, name := range declared(file) {
				home[name] = room
			}
		}
	}
	if len(home) < 100 {
		t.Fatalf("found %d names of sources", len(home))
	}
	for path, file := range files {
		if slices.Contains(wiring, path) {
			continue
		}
		for _, name := range namesIn(file) {
			if room := home[name]; room != "" && room != roomOf(path) {
				t.Errorf("%s names %s of the room %s", path, name, room)
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

// namesIn are the names that a file has from others: what it does not declare, and what it calls of the service and of the store.
func namesIn(file *ast.File) (names []string) {
	for _, name := range file.Unresolved {
		names = append(names, name.Name)
	}
	ast.Inspect(file, func(n ast.Node) bool {
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
	return names
}
