package store

import (
	"errors"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
)

// guard keeps what is refused (models.Refusal) from being written outside of a transaction: one is undone at its end.
func guard(db *gorm.DB) error {
	c := db.Callback()
	return errors.Join(
		c.Create().Before("gorm:create").Register("refuse", refuse), c.Update().Before("gorm:update").Register("refuse", refuse),
		c.Delete().Before("gorm:delete").Register("refuse", refuse), c.Raw().Before("gorm:raw").Register("refuse", refuse),
	)
}

func refuse(db *gorm.DB) {
	refusal := models.Refusal(db.Statement.Context)
	if _, inTx := db.Statement.ConnPool.(gorm.TxCommitter); refusal != nil && !inTx {
		_ = db.AddError(refusal)
	}
}
