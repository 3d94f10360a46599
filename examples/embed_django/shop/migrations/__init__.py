"""The steps by which the shop's own tables came about."""
