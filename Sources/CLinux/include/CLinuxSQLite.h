/* SQLite's variadic calls. */
#ifndef CLINUX_SQLITE_H
#define CLINUX_SQLITE_H

#include <sqlite3.h>

/* SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE: closing the last connection leaves the write-ahead log as it is. */
int clinux_sqlite_keep_log(sqlite3 *_Nonnull database);

#endif
