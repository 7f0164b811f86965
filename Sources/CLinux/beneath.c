#define _GNU_SOURCE
#include "CLinuxBeneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

const int clinux_o_path = O_PATH;
const int clinux_o_tmpfile = O_TMPFILE;

/* An O_PATH descriptor is refused by fchmod(2) and fsetxattr(2); its link in /proc leads to the inode
   itself, a symbolic link included, and not further. */
#define PROC_PATH_SIZE 32
static const char *proc_path(int file, char path[PROC_PATH_SIZE]) {
    snprintf(path, PROC_PATH_SIZE, "/proc/self/fd/%d", file);
    return path;
}

int clinux_link_descriptor(int file, int directory, const char *name) {
    char path[PROC_PATH_SIZE];
    return linkat(AT_FDCWD, proc_path(file, path), directory, name, AT_SYMLINK_FOLLOW);
}

int clinux_rename_new(int from, const char *name, int to, const char *new_name) {
    return renameat2(from, name, to, new_name, RENAME_NOREPLACE);
}

int clinux_set_owner(int file, uint32_t owner, uint32_t group) {
    return fchownat(file, "", owner, group, AT_EMPTY_PATH);
}

int clinux_set_mode(int file, uint32_t mode) {
    char path[PROC_PATH_SIZE];
    int result = fchmod(file, (mode_t)mode);
    return result < 0 && errno == EBADF ? chmod(proc_path(file, path), (mode_t)mode) : result;
}

int clinux_set_times(int file, int64_t accessed, long accessed_nanoseconds, int64_t modified,
                     long modified_nanoseconds) {
    struct timespec times[2] = {{accessed, accessed_nanoseconds}, {modified, modified_nanoseconds}};
    return utimensat(file, "", times, AT_EMPTY_PATH);
}

int clinux_set_xattr(int file, const char *name, const void *value, size_t size) {
    char path[PROC_PATH_SIZE];
    return setxattr(proc_path(file, path), name, value, size, 0);
}

ssize_t clinux_get_xattr(int file, const char *name, void *value, size_t size) {
    char path[PROC_PATH_SIZE];
    return getxattr(proc_path(file, path), name, value, size);
}

ssize_t clinux_list_xattr(int file, char *names, size_t size) {
    char path[PROC_PATH_SIZE];
    return listxattr(proc_path(file, path), names, size);
}

ssize_t clinux_copy_range(int from, int to, size_t count) {
    ssize_t copied = copy_file_range(from, NULL, to, NULL, count, 0);
    /* Across file systems, and for files of /proc, that call is refused. */
    if (copied < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS))
        copied = sendfile(to, from, NULL, count);
    return copied;
}

struct clinux_directory *clinux_directory_open(int directory) {
    int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) return NULL;
    DIR *stream = fdopendir(own);
    if (stream == NULL) close(own);
    return (struct clinux_directory *)stream;
}

ssize_t clinux_directory_next(struct clinux_directory *directory, const char **name, uint8_t *type) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir((DIR *)directory);
        if (entry == NULL) return errno == 0 ? 0 : -1;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        *name = entry->d_name;
        *type = entry->d_type;
        return (ssize_t)strlen(entry->d_name);
    }
}

void clinux_directory_close(struct clinux_directory *directory) {
    closedir((DIR *)directory);
}
