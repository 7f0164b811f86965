#define _GNU_SOURCE
#include "CLinuxArchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Every function used, declared once with the header's own type and found by name. */
#define FUNCTIONS(X)                                                                                                   \
    X(archive_read_new) X(archive_read_free) X(archive_read_support_format_tar) X(archive_read_support_format_raw)     \
    X(archive_read_append_filter) X(archive_read_set_read_callback) X(archive_read_set_skip_callback)                  \
    X(archive_read_set_callback_data) X(archive_read_open1) X(archive_read_next_header) X(archive_read_data_block)     \
    X(archive_error_string) X(archive_entry_pathname) X(archive_entry_hardlink) X(archive_entry_symlink)               \
    X(archive_entry_mode) X(archive_entry_uid) X(archive_entry_gid) X(archive_entry_mtime)                             \
    X(archive_entry_mtime_nsec) X(archive_entry_size) X(archive_entry_rdevmajor) X(archive_entry_rdevminor)            \
    X(archive_entry_xattr_reset) X(archive_entry_xattr_next) X(archive_read_header_position)                           \
    X(archive_write_new) X(archive_write_free) X(archive_write_close) X(archive_write_set_format_raw)                  \
    X(archive_write_set_format_pax_restricted) X(archive_write_add_filter_gzip) X(archive_write_add_filter_zstd)       \
    X(archive_write_set_options) X(archive_write_set_bytes_per_block) X(archive_write_set_bytes_in_last_block)         \
    X(archive_write_open_fd) X(archive_write_header) X(archive_write_data) X(archive_entry_new) X(archive_entry_free)  \
    X(archive_entry_clear) X(archive_entry_set_pathname) X(archive_entry_set_hardlink) X(archive_entry_set_symlink)    \
    X(archive_entry_set_mode) X(archive_entry_set_uid) X(archive_entry_set_gid) X(archive_entry_set_mtime)             \
    X(archive_entry_set_size) X(archive_entry_set_rdevmajor) X(archive_entry_set_rdevminor)                            \
    X(archive_entry_xattr_add_entry)

#define DECLARE(name) __typeof__(name) *name##_;
static struct { FUNCTIONS(DECLARE) } library;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;
static char load_error[256];
static locale_t utf8;

static void load(void) {
    void *handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        snprintf(load_error, sizeof load_error, "%s", dlerror());
        return;
    }
#define FIND(name)                                                                                                     \
    if ((library.name##_ = (__typeof__(name) *)dlsym(handle, #name)) == NULL) {                                        \
        snprintf(load_error, sizeof load_error, "libarchive.so.13 has no function %s", #name);                         \
        return;                                                                                                        \
    }
    FUNCTIONS(FIND)
    /* A pax name is UTF-8. In the C locale libarchive would call each one that is not ASCII "can't be
       converted" and so hide the warnings that matter. C.UTF-8 is built into glibc since 2.35. */
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

int clinux_archive_load(void) {
    pthread_once(&loaded, load);
    return load_error[0] == '\0' ? 0 : -1;
}

const char *clinux_archive_load_error(void) {
    return load_error;
}

struct clinux_archive {
    struct archive *reader;
    struct archive_entry *entry;
    void *context;
    clinux_archive_reader read;
    clinux_archive_skipper skip;
};

static la_ssize_t on_read(struct archive *reader, void *context, const void **block) {
    struct clinux_archive *archive = context;
    (void)reader;
    return archive->read(archive->context, block);
}

static la_int64_t on_skip(struct archive *reader, void *context, la_int64_t count) {
    struct clinux_archive *archive = context;
    (void)reader;
    return archive->skip == NULL ? 0 : archive->skip(archive->context, count);
}

static struct clinux_archive *start(void *context, clinux_archive_reader read, clinux_archive_skipper skip) {
    struct clinux_archive *archive = calloc(1, sizeof *archive);
    if (archive == NULL) return NULL;
    *archive = (struct clinux_archive){.context = context, .read = read, .skip = skip};
    archive->reader = library.archive_read_new_();
    if (archive->reader == NULL) {
        free(archive);
        return NULL;
    }
    library.archive_read_set_read_callback_(archive->reader, on_read);
    library.archive_read_set_skip_callback_(archive->reader, on_skip);
    library.archive_read_set_callback_data_(archive->reader, archive);
    return archive;
}

struct clinux_archive *clinux_archive_open_tar(void *context, clinux_archive_reader read, clinux_archive_skipper skip) {
    struct clinux_archive *archive = start(context, read, skip);
    if (archive == NULL) return NULL;
    library.archive_read_support_format_tar_(archive->reader);
    /* A failure here is met again, with its message, by the first header. */
    library.archive_read_open1_(archive->reader);
    return archive;
}

struct clinux_archive *clinux_archive_open_filter(void *context, clinux_archive_reader read,
                                                  enum clinux_compression compression) {
    static const int codes[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD};
    struct clinux_archive *archive = start(context, read, NULL);
    if (archive == NULL) return NULL;
    library.archive_read_support_format_raw_(archive->reader);
    /* Exactly one filter, named: libarchive's own guessing would undo 25 nested ones. ARCHIVE_WARN means
       that it would run a program for it, which is refused. */
    if (library.archive_read_append_filter_(archive->reader, codes[compression]) != ARCHIVE_OK) {
        clinux_archive_close(archive);
        return NULL;
    }
    library.archive_read_open1_(archive->reader);
    return archive;
}

void clinux_archive_close(struct clinux_archive *archive) {
    library.archive_read_free_(archive->reader);
    free(archive);
}

int clinux_archive_next(struct clinux_archive *archive, struct clinux_archive_header *header) {
    locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    int result = library.archive_read_next_header_(archive->reader, &archive->entry);
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) {
        struct archive_entry *entry = archive->entry;
        *header = (struct clinux_archive_header){
            .path = library.archive_entry_pathname_(entry),
            .hardlink = library.archive_entry_hardlink_(entry),
            .symlink = library.archive_entry_symlink_(entry),
            .mode = library.archive_entry_mode_(entry),
            .owner = library.archive_entry_uid_(entry),
            .group = library.archive_entry_gid_(entry),
            .modified = library.archive_entry_mtime_(entry),
            .modified_nanoseconds = library.archive_entry_mtime_nsec_(entry),
            .size = library.archive_entry_size_(entry),
            .position = library.archive_read_header_position_(archive->reader),
            .device_major = (unsigned)library.archive_entry_rdevmajor_(entry),
            .device_minor = (unsigned)library.archive_entry_rdevminor_(entry),
        };
        library.archive_entry_xattr_reset_(entry);
    }
    if (before != (locale_t)0) uselocale(before);
    switch (result) {
    case ARCHIVE_OK: return 1;
    case ARCHIVE_WARN: return 2;
    case ARCHIVE_EOF: return 0;
    default: return -1;
    }
}

int clinux_archive_next_xattr(struct clinux_archive *archive, const char **name, const void **value, size_t *size) {
    return library.archive_entry_xattr_next_(archive->entry, name, value, size) == ARCHIVE_OK;
}

int clinux_archive_data(struct clinux_archive *archive, const void **block, size_t *size, int64_t *offset) {
    int result = library.archive_read_data_block_(archive->reader, block, size, offset);
    return result == ARCHIVE_OK ? 1 : result == ARCHIVE_EOF ? 0 : -1;
}

int64_t clinux_archive_write(struct clinux_archive *archive, int file, int64_t limit, int *error) {
    int64_t end = 0;
    for (;;) {
        const void *block = NULL;
        size_t size = 0;
        int64_t offset = 0;
        *error = 0;
        int result = clinux_archive_data(archive, &block, &size, &offset);
        if (result < 0) return -1;
        if (offset < 0 || offset > limit || (int64_t)size > limit - offset) {
            *error = EFBIG;
            return -1;
        }
        if (result == 0) {
            /* Starts writing a large file to the disk now, without waiting: the syncfs(2) that follows the
               last entry then has less left to do. It is a hint; an error has no meaning. */
            if (end >= 1 << 20) sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
            return end;
        }
        for (size_t done = 0; done < size;) {
            ssize_t count = pwrite(file, (const char *)block + done, size - done, offset + (int64_t)done);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) {
                *error = errno;
                return -1;
            }
            done += (size_t)count;
        }
        if (offset + (int64_t)size > end) end = offset + (int64_t)size;
    }
}

const char *clinux_archive_message(struct clinux_archive *archive) {
    const char *message = library.archive_error_string_(archive->reader);
    return message != NULL ? message : "the archive ends too early or is damaged";
}

struct clinux_archive_writer {
    struct archive *writer;
    struct archive_entry *entry;
};

struct clinux_archive_writer *clinux_archive_writer_open(int file, int tar, enum clinux_compression compression) {
    struct clinux_archive_writer *archive = calloc(1, sizeof *archive);
    if (archive == NULL) return NULL;
    archive->writer = library.archive_write_new_();
    archive->entry = library.archive_entry_new_();
    if (archive->writer == NULL || archive->entry == NULL) goto failed;
    if (compression == clinux_gzip && library.archive_write_add_filter_gzip_(archive->writer) != ARCHIVE_OK) goto failed;
    if (compression == clinux_zstd && library.archive_write_add_filter_zstd_(archive->writer) != ARCHIVE_OK) goto failed;
    if (tar) {
        library.archive_write_set_format_pax_restricted_(archive->writer);
        /* GNU tar, Go and libarchive read this form of extended attributes; the other one would be there twice. */
        library.archive_write_set_options_(archive->writer, "pax:xattrheader=SCHILY");
    } else {
        library.archive_write_set_format_raw_(archive->writer);
    }
    /* The same content has the same bytes, whenever it is written. */
    if (compression == clinux_gzip) library.archive_write_set_options_(archive->writer, "gzip:!timestamp");
    library.archive_write_set_bytes_per_block_(archive->writer, 256 << 10);
    library.archive_write_set_bytes_in_last_block_(archive->writer, 1);
    if (library.archive_write_open_fd_(archive->writer, file) != ARCHIVE_OK) goto failed;
    return archive;
failed:
    clinux_archive_writer_free(archive);
    return NULL;
}

void clinux_archive_writer_free(struct clinux_archive_writer *archive) {
    if (archive->entry != NULL) library.archive_entry_free_(archive->entry);
    if (archive->writer != NULL) library.archive_write_free_(archive->writer);
    free(archive);
}

void clinux_archive_writer_begin(struct clinux_archive_writer *archive) {
    library.archive_entry_clear_(archive->entry);
}

void clinux_archive_writer_xattr(struct clinux_archive_writer *archive, const char *name, const void *value,
                                 size_t size) {
    library.archive_entry_xattr_add_entry_(archive->entry, name, value, size);
}

int clinux_archive_writer_header(struct clinux_archive_writer *archive, const struct clinux_archive_header *header) {
    struct archive_entry *entry = archive->entry;
    locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    library.archive_entry_set_pathname_(entry, header->path);
    library.archive_entry_set_mode_(entry, header->mode);
    library.archive_entry_set_uid_(entry, header->owner);
    library.archive_entry_set_gid_(entry, header->group);
    library.archive_entry_set_mtime_(entry, header->modified, header->modified_nanoseconds);
    library.archive_entry_set_size_(entry, header->size);
    library.archive_entry_set_rdevmajor_(entry, header->device_major);
    library.archive_entry_set_rdevminor_(entry, header->device_minor);
    if (header->hardlink != NULL) library.archive_entry_set_hardlink_(entry, header->hardlink);
    if (header->symlink != NULL) library.archive_entry_set_symlink_(entry, header->symlink);
    int result = library.archive_write_header_(archive->writer, entry);
    if (before != (locale_t)0) uselocale(before);
    /* A warning is about a name that is not UTF-8, which is written as it is. */
    return result == ARCHIVE_OK || result == ARCHIVE_WARN ? 0 : -1;
}

int clinux_archive_writer_data(struct clinux_archive_writer *archive, const void *bytes, size_t size) {
    return library.archive_write_data_(archive->writer, bytes, size) == (la_ssize_t)size ? 0 : -1;
}

int clinux_archive_writer_close(struct clinux_archive_writer *archive) {
    return library.archive_write_close_(archive->writer) == ARCHIVE_OK ? 0 : -1;
}

const char *clinux_archive_writer_message(struct clinux_archive_writer *archive) {
    const char *message = library.archive_error_string_(archive->writer);
    return message != NULL ? message : "the archive cannot be written";
}
