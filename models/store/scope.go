package store

import (
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
)

// noProject is given to scoped where there is no project: for accounts themselves.
const noProject = ""

// scoped adds the condition that the account in one column, and the project in another, are within the scope.
func scoped(db *gorm.DB, scope models.Scope, accountColumn, projectColumn string) *gorm.DB {
	switch {
	case scope.Everything():
		return db
	case scope.ProjectID() != 0 && projectColumn != noProject:
		return db.Where(projectColumn+" = ?", scope.ProjectID())
	case scope.ProjectID() != 0 || scope.AccountID() != 0:
		return db.Where(accountColumn+" = ?", scope.AccountID())
	case scope.SSOClientID() != 0:
		return db.Where(accountColumn+" IN ("+accountsOfPartner(scope)+")", scope.SSOClientID())
	}
	return db.Where(accountColumn+" IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN ?)",
		scope.UserID(), scope.Roles())
}

// accountsOfPartner selects the accounts of the SSO client that bounds a scope.
func accountsOfPartner(scope models.Scope) string {
	accounts := "SELECT accounts.id FROM accounts WHERE accounts.sso_client_id = ?"
	if scope.OnlyPayloads() {
		accounts += " AND EXISTS (SELECT 1 FROM sso_clients WHERE sso_clients.id = accounts.sso_client_id AND sees_payloads)"
	}
	return accounts
}

// ssoClientsWithin adds the condition that the SSO client in a column is within the scope.
func ssoClientsWithin(db *gorm.DB, scope models.Scope, column string) *gorm.DB {
	if scope.Everything() {
		return db
	}
	return db.Where(column+" = ?", scope.SSOClientID()) // which is 0 for all but the partner's
}

// ofOwner narrows a query to rows of projects, of accounts and of the SSO client itself within the scope.
func ofOwner(db *gorm.DB, scope models.Scope) *gorm.DB {
	if scope.SSOClientID() == 0 {
		return ofProject(db, scope)
	}
	return db.Where("(account_id IN ("+accountsOfPartner(scope)+") OR sso_client_id = ?)", scope.SSOClientID(), scope.SSOClientID())
}

// ofProject narrows a query to rows of projects within the scope.
func ofProject(db *gorm.DB, scope models.Scope) *gorm.DB {
	return scoped(db, scope, "account_id", "project_id")
}

// ofAccount narrows a query to rows of accounts within the scope.
func ofAccount(db *gorm.DB, scope models.Scope) *gorm.DB {
	return scoped(db, scope, "account_id", noProject)
}
