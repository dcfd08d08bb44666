"""One verb, one function: check access, write in one transaction, record audit, publish after commit."""
