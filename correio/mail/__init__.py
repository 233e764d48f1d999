"""What people do with mail, independent of any protocol: deliver, append, read, flag, copy, move, expunge, file."""
