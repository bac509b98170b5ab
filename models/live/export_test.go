package live

// MaxAtOnce is for tests.
const MaxAtOnce = maxAtOnce
