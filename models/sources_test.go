package models_test

// The use-cases of what makes callbacks are parts of the world.
type ()
