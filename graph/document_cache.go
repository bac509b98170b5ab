package graph

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

// documentCache remembers the documents that were used last, as many as maxCacheBytes holds.
type documentCache struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[string, cachedDocument] // by the hash of the text
	bytes int
}

type cachedDocument struct {
	document *ast.QueryDocument
	bytes    int
}

func newDocumentCache() *documentCache {
	c := &documentCache{}
	// fails on a size below 1
	c.lru, _ = simplelru.NewLRU(maxCacheBytes, func(_ string, d cachedDocument) { c.bytes -= d.bytes })
	return c
}

func (c *documentCache) get(hash string) (*ast.QueryDocument, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.lru.Get(hash)
	return known.document, ok
}

func (c *documentCache) add(hash string, bytes int, document *ast.QueryDocument) {
	added := cachedDocument{document, bytes}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(hash) // two requests can read the same document at once
	c.lru.Add(hash, added)
	for c.bytes += added.bytes; c.bytes > maxCacheBytes; {
		c.lru.RemoveOldest()
	}
}
