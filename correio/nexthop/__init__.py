"""Where a message goes next: the mail servers of a domain, or the smarthost that the settings name."""
