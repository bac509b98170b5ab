package graph

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

// documentCache remembers the documents that were used last, as many as maxCacheBytes holds.
type documentCache struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[string, cachedDocument]
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

func (c *documentCache) get(query string) (*ast.QueryDocument, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.lru.Get(query)
	return known.document, ok
}

func (c *documentCache) add(query string, tokens int, document *ast.QueryDocument) {
	added := cachedDocument{document, len(query) + tokens*bytesOfToken}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(query) // two requests can read the same document at once
	c.lru.Add(query, added)
	for c.bytes += added.bytes; c.bytes > maxCacheBytes; {
		c.lru.RemoveOldest()
	}
}
