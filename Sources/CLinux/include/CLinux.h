/* What Swift cannot import by itself: GNU extensions, macros, varargs, and the C libraries that the
   engine uses. Functions only, each a thin call; no policy lives here. Every other libc function
   comes from the Glibc module. */
#ifndef CLINUX_H
#define CLINUX_H

#include <sqlite3.h>

#include "CLinuxArchive.h"
#include "CLinuxBeneath.h"
#include "CLinuxFiles.h"
#include "CLinuxOverlay.h"
#include "CLinuxNames.h"
#include "CLinuxNet.h"
#include "CLinuxPacket.h"
#include "CLinuxProcess.h"
#include "CLinuxSQLite.h"
#include "CLinuxTerminal.h"

#endif
