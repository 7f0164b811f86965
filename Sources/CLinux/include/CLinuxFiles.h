/* Files: openat2(2), which glibc 2.36 does not wrap, and renameat2(2). */
#ifndef CLINUX_FILES_H
#define CLINUX_FILES_H

#include <stdint.h>
#include <sys/types.h>

/* openat2(2): returns a descriptor, or -1 with errno. `resolve` is a set of RESOLVE_* bits. */
int clinux_openat2(int directory, const char *_Nonnull path, uint64_t flags, uint64_t mode, uint64_t resolve);

extern const uint64_t clinux_resolve_beneath;
extern const uint64_t clinux_resolve_in_root;
extern const uint64_t clinux_resolve_no_magiclinks;
extern const uint64_t clinux_resolve_no_symlinks;

/* syncfs(2). */
int clinux_syncfs(int descriptor);

/* sync_file_range(2) with SYNC_FILE_RANGE_WRITE: asks for writing, and promises nothing. */
void clinux_start_writing(int descriptor, int64_t offset, int64_t count);

#endif
