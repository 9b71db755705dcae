"""Transactions, the change feed, jobs and audit rows: what every capability above writes with."""
