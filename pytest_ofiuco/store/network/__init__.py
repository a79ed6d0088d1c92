"""HTTP: connections and their certificates, proxies and credentials, retries, and what an index answers."""
