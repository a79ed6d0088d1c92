"""The controller's side: gateways to workers, proxy items, the session that ties them together, and its report."""
