#include "CLinuxSQLite.h"

#include <string.h>

/* Called after each commit to a database, with the pages that its log has now. The error of a checkpoint that could not
   be made is of no consequence: the log stays, and the next commit tries again. */
static int empty_long_log(void *unused, sqlite3 *database, const char *name, int pages) {
    (void)unused;
    if (pages >= (strcmp(name, "main") ? CLINUX_SQLITE_ATTACHED_LOG : CLINUX_SQLITE_MAIN_LOG))
        sqlite3_wal_checkpoint_v2(database, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

int clinux_sqlite_keep_log(sqlite3 *database) {
    sqlite3_wal_hook(database, empty_long_log, NULL);
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
