"""Mail in files: eml, mbox (mboxrd) and Maildir, read and written as a stream."""
