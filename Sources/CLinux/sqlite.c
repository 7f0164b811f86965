#include "CLinuxSQLite.h"

#include <string.h>

/* Called after each commit to a database, with the pages that its log has now. The file is cut, too: a log that was only
   written back would be read by all who open it until somebody commits. Nobody is waited for, and a checkpoint that could
   not be made is of no consequence: the log stays, and the next commit tries again. */
static int empty_long_log(void *unused, sqlite3 *database, const char *name, int pages) {
    (void)unused;
    if (pages < (strcmp(name, "main") ? CLINUX_SQLITE_ATTACHED_LOG : CLINUX_SQLITE_MAIN_LOG)) return SQLITE_OK;
    sqlite3_busy_timeout(database, 0);
    sqlite3_wal_checkpoint_v2(database, name, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(database, CLINUX_SQLITE_PATIENCE);
    return SQLITE_OK;
}

int clinux_sqlite_keep_log(sqlite3 *database) {
    sqlite3_busy_timeout(database, CLINUX_SQLITE_PATIENCE);
    sqlite3_wal_hook(database, empty_long_log, NULL);
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
