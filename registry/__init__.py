"""Who there is: sites, reading groups, routes, devices, accounts, grants, tokens."""
