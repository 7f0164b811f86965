#define _GNU_SOURCE
#include "CLinuxOverlay.h"

#include <fcntl.h>
#include <sys/mount.h>

const unsigned clinux_mount_attr_nodev = MOUNT_ATTR_NODEV;

int clinux_fsopen(const char *type) {
    return fsopen(type, FSOPEN_CLOEXEC);
}

int clinux_fsconfig_string(int context, const char *key, const char *value) {
    return fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

int clinux_fsconfig_create(int context) {
    return fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int clinux_fsmount(int context, unsigned attributes) {
    return fsmount(context, FSMOUNT_CLOEXEC, attributes);
}

int clinux_move_mount(int mount, const char *target) {
    return move_mount(mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
}

int clinux_mount_overlay(const char *target, int nodev, const char *options) {
    return mount("overlay", target, "overlay", nodev ? MS_NODEV : 0, options);
}

int clinux_unmount(const char *target, int detach) {
    return umount2(target, UMOUNT_NOFOLLOW | (detach ? MNT_DETACH : 0));
}
