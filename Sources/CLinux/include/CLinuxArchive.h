/* libarchive (libarchive-dev 3.6), loaded with dlopen(3) when the first archive is opened, so that a command
   that reads none never pays for it. Two uses only: a tar stream that is not compressed, and one compression
   filter. Reading is by callbacks; where an entry may land is not decided here. */
#ifndef CLINUX_ARCHIVE_H
#define CLINUX_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct clinux_archive;

/* Compressions, as clinux_archive_open_filter takes them. */
enum clinux_compression { clinux_gzip, clinux_bzip2, clinux_xz, clinux_zstd, clinux_plain };

/* Gives the next block: its size, 0 at the end, -1 on error. The block lives until the next call. */
typedef ssize_t (*clinux_archive_reader)(void *_Nonnull context, const void *_Nullable *_Nonnull block);
/* Moves at most `count` bytes forward: bytes moved, which may be 0. */
typedef int64_t (*clinux_archive_skipper)(void *_Nonnull context, int64_t count);

/* Loads the library once: 0, or -1 when it is missing or is not what this was built for. */
int clinux_archive_load(void);
/* Why clinux_archive_load answered -1. */
const char *_Nonnull clinux_archive_load_error(void);

/* Opens a tar stream (ustar, pax, GNU), or one compression stream whose content is one entry's data.
   NULL: no memory or the library refused. Close what was opened. */
struct clinux_archive *_Nullable clinux_archive_open_tar(void *_Nonnull context, clinux_archive_reader _Nonnull read,
                                                         clinux_archive_skipper _Nonnull skip);
struct clinux_archive *_Nullable clinux_archive_open_filter(void *_Nonnull context, clinux_archive_reader _Nonnull read,
                                                            enum clinux_compression compression);
void clinux_archive_close(struct clinux_archive *_Nonnull archive);

/* One entry's header. The texts live until the next call of clinux_archive_next. */
struct clinux_archive_header {
    const char *_Nullable path;
    const char *_Nullable hardlink;
    const char *_Nullable symlink;
    uint32_t mode; /* type and permissions, as stat(2) has them */
    int64_t owner;
    int64_t group;
    int64_t modified; /* seconds since 1970 */
    long modified_nanoseconds;
    int64_t size;
    /* Byte of the stream at which its first header begins. */
    int64_t position;
    unsigned device_major;
    unsigned device_minor;
};

/* Reads the next header: 1, 0 at the end, 2 when the library has a warning, -1 on error. */
int clinux_archive_next(struct clinux_archive *_Nonnull archive, struct clinux_archive_header *_Nonnull header);
/* The current entry's extended attributes, one a call: 1, or 0 when there is none left. */
int clinux_archive_next_xattr(struct clinux_archive *_Nonnull archive, const char *_Nullable *_Nonnull name,
                              const void *_Nullable *_Nonnull value, size_t *_Nonnull size);
/* The current entry's next block of data and where it belongs in the file: 1, 0 at the end, -1 on error. */
int clinux_archive_data(struct clinux_archive *_Nonnull archive, const void *_Nullable *_Nonnull block,
                        size_t *_Nonnull size, int64_t *_Nonnull offset);
/* Writes the rest of the current entry into a file, holes left out: where the last data ended, which a hole may
   follow, or -1 with `*error` the errno of write(2), or 0 when the archive failed. Never writes beyond `limit`:
   EFBIG. */
int64_t clinux_archive_write(struct clinux_archive *_Nonnull archive, int file, int64_t limit, int *_Nonnull error);
/* What the last call that answered -1 or 2 says. */
const char *_Nonnull clinux_archive_message(struct clinux_archive *_Nonnull archive);

/* Writes a tar stream (pax), or bytes as they are, to a file; compressed with gzip or zstd, or not at all with
   clinux_plain. NULL: no memory or the library refused. */
struct clinux_archive_writer;
struct clinux_archive_writer *_Nullable clinux_archive_writer_open(int file, int tar,
                                                                   enum clinux_compression compression);
void clinux_archive_writer_free(struct clinux_archive_writer *_Nonnull archive);
/* One entry: begin, its extended attributes, then its header. 0, or -1. */
void clinux_archive_writer_begin(struct clinux_archive_writer *_Nonnull archive);
void clinux_archive_writer_xattr(struct clinux_archive_writer *_Nonnull archive, const char *_Nonnull name,
                                 const void *_Nullable value, size_t size);
int clinux_archive_writer_header(struct clinux_archive_writer *_Nonnull archive,
                                 const struct clinux_archive_header *_Nonnull header);
/* The entry's content: 0, or -1. */
int clinux_archive_writer_data(struct clinux_archive_writer *_Nonnull archive, const void *_Nullable bytes,
                               size_t size);
/* Writes what is left: 0, or -1. */
int clinux_archive_writer_close(struct clinux_archive_writer *_Nonnull archive);
/* What the last call that answered -1 says. */
const char *_Nonnull clinux_archive_writer_message(struct clinux_archive_writer *_Nonnull archive);
#endif
