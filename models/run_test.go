package models_test

// shoes and customData are what runs have for input unless they are changed.
var ()
