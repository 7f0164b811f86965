/* The mount API of fsopen(2), fsconfig(2), fsmount(2), move_mount(2), and mount(2) for overlays. */
#ifndef CLINUX_OVERLAY_H
#define CLINUX_OVERLAY_H

#include <stddef.h>
#include <stdint.h>

/* fsopen(2), close-on-exec: a descriptor, or -1 with errno. */
int clinux_fsopen(const char *_Nonnull type);
/* fsconfig(2) FSCONFIG_SET_STRING and FSCONFIG_CMD_CREATE: 0, or -1 with errno. */
int clinux_fsconfig_string(int context, const char *_Nonnull key, const char *_Nonnull value);
int clinux_fsconfig_create(int context);
/* fsmount(2), close-on-exec, with MOUNT_ATTR_* bits: a descriptor of the mount, or -1 with errno. */
int clinux_fsmount(int context, unsigned attributes);
extern const unsigned clinux_mount_attr_nodev;
/* move_mount(2): attaches the mount to a path. */
int clinux_move_mount(int mount, const char *_Nonnull target);

/* mount(2) of type overlay. */
int clinux_mount_overlay(const char *_Nonnull target, int nodev, const char *_Nonnull options);
/* umount2(2), the target's last link not followed. */
int clinux_unmount(const char *_Nonnull target, int detach);

#endif
