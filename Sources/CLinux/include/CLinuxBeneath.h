/* Files below a directory descriptor: what glibc hides behind _GNU_SOURCE or does not have. Descriptors may be
   O_PATH. Functions answer -1 with errno. */
#ifndef CLINUX_BENEATH_H
#define CLINUX_BENEATH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

extern const int clinux_o_path;
extern const int clinux_o_tmpfile;

/* linkat(2): gives an O_TMPFILE file its name. */
int clinux_link_descriptor(int file, int directory, const char *_Nonnull name);
/* renameat2(2) with RENAME_NOREPLACE. */
int clinux_rename_new(int from, const char *_Nonnull name, int to, const char *_Nonnull new_name);

/* chown, chmod and utimensat of the file behind a descriptor, O_PATH or not, links never followed. */
int clinux_set_owner(int file, uint32_t owner, uint32_t group);
int clinux_set_mode(int file, uint32_t mode);
int clinux_set_times(int file, int64_t accessed, long accessed_nanoseconds, int64_t modified,
                     long modified_nanoseconds);

/* setxattr(2), getxattr(2), listxattr(2) of the file behind a descriptor, through /proc/self/fd. */
int clinux_set_xattr(int file, const char *_Nonnull name, const void *_Nullable value, size_t size);
ssize_t clinux_get_xattr(int file, const char *_Nonnull name, void *_Nullable value, size_t size);
ssize_t clinux_list_xattr(int file, char *_Nullable names, size_t size);

/* Copies `count` bytes between files: shares blocks where the file system can, else in the kernel. */
ssize_t clinux_copy_range(int from, int to, size_t count);

/* One directory entry: its name's length, 0 at the end, -1 with errno. `type` is DT_*. */
struct clinux_directory;
struct clinux_directory *_Nullable clinux_directory_open(int directory);
ssize_t clinux_directory_next(struct clinux_directory *_Nonnull directory, const char *_Nullable *_Nonnull name,
                              uint8_t *_Nonnull type);
void clinux_directory_close(struct clinux_directory *_Nonnull directory);

#endif
