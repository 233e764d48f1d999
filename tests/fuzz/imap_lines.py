"""Valid IMAP commands to damage, one of every kind and form."""

from __future__ import annotations

COMMANDS = (
    b"a CAPABILITY", b"b NOOP", b'c ID ("name" "x" "version" NIL)', b"d ENABLE CONDSTORE QRESYNC", b"d ENABLE UTF8=ACCEPT",
    b"e NAMESPACE", b"f IDLE\r\nDONE", b"g SELECT INBOX (CONDSTORE)", b"h EXAMINE INBOX (QRESYNC (1 1 1:9 (1:2 1:2)))",
    b"i CREATE a/b (USE (\\Archive))", b"j CREATE {3+}\r\na/c", b"k DELETE a/b", b'l RENAME "a" b', b"m SUBSCRIBE a",
    b"n UNSUBSCRIBE a", b'o LIST "" *', b'p LIST (SUBSCRIBED RECURSIVEMATCH) "" ("a*" %) RETURN (CHILDREN STATUS (MESSAGES))',
    b'q LSUB "" "%"', b"r STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT DELETED SIZE HIGHESTMODSEQ MAILBOXID)",
    b'u APPEND INBOX (\\Seen Work) " 1-Feb-2026 01:00:00 +0100" {20+}\r\nSubject: one\r\n\r\nx\r\n',
    b"v APPEND INBOX {10+}\r\nA: b\r\n\r\nc\r ~{10+}\r\nA: b\r\n\r\n\0\r", b"w CHECK", b"x CLOSE", b"x UNSELECT",
    b"y EXPUNGE", b"y UID EXPUNGE 1:*", b"z SEARCH CHARSET UTF-8 OR (NOT SEEN) (SUBJECT {3+}\r\none BODY x)",
    b"A UID SEARCH RETURN (MIN MAX COUNT ALL) 1:* UNDELETED SINCE 1-Feb-2020 LARGER 10 HEADER Subject one MODSEQ 1",
    b"B SEARCH OLDER 5 YOUNGER 500 KEYWORD Work SENTON 1-Feb-2026 TEXT \"x y\" UID 1:4294967295",
    b"C FETCH 1:* ALL", b"D FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY)",
    b"E UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (Subject \"From\")] BODY.PEEK[TEXT]<0.5> BODY.PEEK[1.MIME] BINARY.PEEK[1])",
    b"F UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)", b"G FETCH * (RFC822 RFC822.HEADER RFC822.TEXT BINARY.SIZE[1])",
    b"H FETCH 1:2 (MODSEQ EMAILID THREADID SAVEDATE)", b"I STORE 1:2 +FLAGS (\\Seen Work)",
    b"J UID STORE 1:* (UNCHANGEDSINCE 5) -FLAGS.SILENT \\Deleted", b"K STORE 1 FLAGS ()", b"L COPY 1 INBOX",
    b"M UID COPY 1:* a", b"N MOVE 1 INBOX", b"O UID MOVE 4294967295 INBOX", b"P LOGIN a b", b"Q AUTHENTICATE PLAIN =",
    b"R SORT (REVERSE DATE SUBJECT) UTF-8 ALL", b"S THREAD REFERENCES UTF-8 ALL", b"T GETQUOTAROOT INBOX",
    b'U GETQUOTA ""', b"V STATUS INBOX (DELETED DELETED-STORAGE)", b"W ENABLE METADATA",
    b'X SETMETADATA INBOX (/private/comment "a" /shared/vendor/x/y ~{3+}\r\na\0b /private/specialuse NIL)',
    b'Y GETMETADATA (MAXSIZE 9 DEPTH infinity) "" (/private /shared/comment)', b"Z GETMETADATA INBOX (DEPTH 1) /private",
)  # fmt: skip
