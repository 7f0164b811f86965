/* Signals by pipe, inotify(7) masks, resource limits, mount flags and messages on sockets: what the monitor's
   client needs. Functions answer -1 with errno. */
#ifndef CLINUX_TERMINAL_H
#define CLINUX_TERMINAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Catches `count` signals for the whole process: each writes its number, one byte, into `pipe` (which must not
   block). The old dispositions are kept for clinux_signals_restore. One set at a time: EBUSY. */
int clinux_signals_catch(const int *_Nonnull signals, int count, int pipe);
void clinux_signals_restore(void);

/* What `count` signals, where they would end the process, write to standard error before they do: at most 255 bytes,
   else EMSGSIZE. */
int clinux_set_ending_notice(const char *_Nonnull text, const int *_Nonnull signals, int count);

/* fcntl(F_SETFL) with O_NONBLOCK, of an open file that nobody else shares. */
int clinux_set_nonblocking(int descriptor);

/* send(2) with MSG_NOSIGNAL | MSG_DONTWAIT, and recv(2) with MSG_DONTWAIT. */
ssize_t clinux_send(int socket, const void *_Nonnull bytes, size_t count);
ssize_t clinux_receive(int socket, void *_Nonnull bytes, size_t count);

/* inotify_init1(2), not blocking and close-on-exec, and inotify_add_watch(2) with the events of one kind: */
int clinux_inotify_open(void);
int clinux_inotify_add(int inotify, const char *_Nonnull path, int contents);
/* The next event in `buffer` at `offset`: its watch and the offset after it, or 0 at the end. */
size_t clinux_inotify_event(const void *_Nonnull buffer, size_t count, size_t offset, int *_Nonnull watch,
                            const char *_Nullable *_Nonnull name);

/* getrlimit(2): -1 is "unlimited" (RLIM_INFINITY). */
int clinux_get_limit(int resource, uint64_t *_Nonnull soft, uint64_t *_Nonnull hard);
/* setrlimit(2): the soft limit becomes the hard one. */
int clinux_raise_limit(int resource);
extern const int clinux_limit_nofile;
extern const int clinux_limit_nproc;

/* statvfs(3): which of nosuid (1), nodev (2), noexec (4) and read-only (8) the mount at `path` has. */
int clinux_mount_restrictions(const char *_Nonnull path);

#endif
