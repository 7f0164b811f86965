/* SQLite's variadic calls and its callbacks. */
#ifndef CLINUX_SQLITE_H
#define CLINUX_SQLITE_H

#include <sqlite3.h>

/* Pages of the write-ahead log from which on a commit empties it into the file: of the database that was opened, and of
   those attached to it. */
#define CLINUX_SQLITE_MAIN_LOG 64
#define CLINUX_SQLITE_ATTACHED_LOG 16

/* Milliseconds that a statement waits for others. */
#define CLINUX_SQLITE_PATIENCE 60000

/* SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE: closing the last connection leaves the log as it is. A commit empties it when it has
   grown to the pages above. Sets the busy timeout to the above. */
int clinux_sqlite_keep_log(sqlite3 *_Nonnull database);

#endif
