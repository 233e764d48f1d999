"""Who a message is from, as far as it can be told: SPF, DKIM, DMARC and ARC. No I/O: lookups come in from outside."""
