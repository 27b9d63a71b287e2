/* Notes what a program does to the files below one folder: LD_PRELOAD this, PL_ROOT the folder, PL_LOG where to.
 *
 * One record a call, appended by one write, little-endian: operation (u8), inode (u64), offset or size (u64), the
 * length of a path and the path (u32 …), the length of the data and the data (u32 …). A rename's data is its target.
 * Calls that copy between files below the C library fail, so that programs fall back on read and write.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, MKDIR, RMDIR };

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void put(char *record, size_t *at, const void *value, size_t size)
{
    memcpy(record + *at, value, size);
    *at += size;
}

static void note(uint8_t operation, uint64_t inode, uint64_t offset, const char *path, const void *data, uint32_t size)
{
    static int log_handle = -1;
    static __typeof__(&write) real_write;
    int before = errno;
    if (!real_write)
        real_write = (__typeof__(&write))dlsym(RTLD_NEXT, "write");
    if (log_handle < 0) {
        __typeof__(&open) real_open = (__typeof__(&open))dlsym(RTLD_NEXT, "open");
        log_handle = real_open(getenv("PL_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    uint32_t path_size = (uint32_t)strlen(path);
    size_t at = 0;
    char *record = malloc(25 + path_size + (size_t)size);
    put(record, &at, &operation, 1);
    put(record, &at, &inode, 8);
    put(record, &at, &offset, 8);
    put(record, &at, &path_size, 4);
    put(record, &at, path, path_size);
    put(record, &at, &size, 4);
    put(record, &at, data, size);
    if (real_write(log_handle, record, at) != (ssize_t)at)
        abort();
    free(record);
    errno = before;
}

/* The path from the root folder, or NULL where it is not below it. */
static const char *below(const char *path)
{
    const char *root = getenv("PL_ROOT");
    if (!root)
        return NULL;
    size_t size = strlen(root);
    return strncmp(path, root, size) == 0 && (path[size] == '/' || !path[size]) ? path + size : NULL;
}

static const char *absolute(int folder, const char *path, char *out)
{
    char base[PATH_MAX] = "";
    if (path[0] == '/')
        return path;
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base))
            return path;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t size = readlink(link, base, sizeof base - 1);
        base[size < 0 ? 0 : size] = 0;
    }
    if (snprintf(out, PATH_MAX, "%s/%s", base, path) >= PATH_MAX)
        abort();
    return out;
}

static const char *path_of(int handle, char *out)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(link, out, PATH_MAX - 1);
    if (size < 0)
        return NULL;
    out[size] = 0;
    return below(out);
}

static uint64_t inode_of(int handle)
{
    struct stat found;
    return fstat(handle, &found) ? 0 : (uint64_t)found.st_ino;
}

static int opened(int folder, const char *given, int flags, mode_t mode)
{
    static __typeof__(&openat) real;
    if (!real)
        real = (__typeof__(&openat))dlsym(RTLD_NEXT, "openat");
    char whole[PATH_MAX];
    const char *path = below(absolute(folder, given, whole));
    struct stat before;
    int was_there = path && !fstatat(folder, given, &before, 0);
    int handle = real(folder, given, flags, mode);
    if (handle >= 0 && path) {
        if ((flags & O_CREAT) && !was_there)
            note(CREATE, inode_of(handle), 0, path, "", 0);
        else if ((flags & O_TRUNC) && before.st_size)
            note(TRUNCATE, inode_of(handle), 0, path, "", 0);
    }
    return handle;
}

#define OPENS(name)                                             \
    int name(const char *path, int flags, ...)                  \
    {                                                           \
        va_list rest;                                           \
        va_start(rest, flags);                                  \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                           \
        return opened(AT_FDCWD, path, flags, mode);             \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                          \
    int name(int folder, const char *path, int flags, ...)      \
    {                                                           \
        va_list rest;                                           \
        va_start(rest, flags);                                  \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                           \
        return opened(folder, path, flags, mode);               \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

static void wrote(int handle, const void *data, ssize_t size, off_t offset)
{
    char whole[PATH_MAX];
    const char *path = size > 0 ? path_of(handle, whole) : NULL;
    if (path)
        note(WRITE, inode_of(handle), (uint64_t)offset, path, data, (uint32_t)size);
}

ssize_t write(int handle, const void *data, size_t size)
{
    REAL(write);
    ssize_t done = real(handle, data, size);
    if (handle > 2)
        wrote(handle, data, done, lseek(handle, 0, SEEK_CUR) - done);
    return done;
}

ssize_t writev(int handle, const struct iovec *parts, int count)
{
    REAL(writev);
    off_t from = lseek(handle, 0, SEEK_CUR);
    ssize_t done = real(handle, parts, count), left = done;
    for (int part = 0; part < count && left > 0; part++) {
        ssize_t size = (ssize_t)parts[part].iov_len < left ? (ssize_t)parts[part].iov_len : left;
        wrote(handle, parts[part].iov_base, size, from);
        from += size;
        left -= size;
    }
    return done;
}

#define WRITES_AT(name)                                                          \
    ssize_t name(int handle, const void *data, size_t size, off_t offset)        \
    {                                                                            \
        REAL(name);                                                              \
        ssize_t done = real(handle, data, size, offset);                         \
        wrote(handle, data, done, offset);                                       \
        return done;                                                             \
    }
WRITES_AT(pwrite)
WRITES_AT(pwrite64)

#define TRUNCATES(name)                                                          \
    int name(int handle, off_t size)                                             \
    {                                                                            \
        REAL(name);                                                              \
        int done = real(handle, size);                                           \
        char whole[PATH_MAX];                                                    \
        const char *path = done ? NULL : path_of(handle, whole);                 \
        if (path)                                                                \
            note(TRUNCATE, inode_of(handle), (uint64_t)size, path, "", 0);       \
        return done;                                                             \
    }
TRUNCATES(ftruncate)
TRUNCATES(ftruncate64)

#define SYNCS(name)                                                              \
    int name(int handle)                                                         \
    {                                                                            \
        REAL(name);                                                              \
        int done = real(handle);                                                 \
        char whole[PATH_MAX];                                                    \
        const char *path = done ? NULL : path_of(handle, whole);                 \
        if (path)                                                                \
            note(SYNC, inode_of(handle), 0, path, "", 0);                        \
        return done;                                                             \
    }
SYNCS(fsync)
SYNCS(fdatasync)

static void named(uint8_t operation, int folder, const char *given, const char *target)
{
    char whole[PATH_MAX];
    const char *path = below(absolute(folder, given, whole));
    if (path)
        note(operation, 0, 0, path, target, (uint32_t)strlen(target));
}

int renameat(int from, const char *old, int to, const char *target)
{
    REAL(renameat);
    char whole[PATH_MAX];
    const char *there = below(absolute(to, target, whole));
    int done = real(from, old, to, target);
    if (!done)
        named(RENAME, from, old, there ? there : "");
    return done;
}

int rename(const char *old, const char *target) { return renameat(AT_FDCWD, old, AT_FDCWD, target); }

int unlinkat(int folder, const char *path, int flags)
{
    REAL(unlinkat);
    int done = real(folder, path, flags);
    if (!done)
        named(flags & AT_REMOVEDIR ? RMDIR : UNLINK, folder, path, "");
    return done;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *path, mode_t mode)
{
    REAL(mkdirat);
    int done = real(folder, path, mode);
    if (!done)
        named(MKDIR, folder, path, "");
    return done;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

static ssize_t refused(void)
{
    errno = EINVAL;
    return -1;
}

ssize_t sendfile(int out, int in, off_t *offset, size_t size) { (void)out, (void)in, (void)offset, (void)size; return refused(); }
ssize_t sendfile64(int out, int in, off_t *offset, size_t size) { (void)out, (void)in, (void)offset, (void)size; return refused(); }
ssize_t copy_file_range(int in, off_t *from, int out, off_t *to, size_t size, unsigned flags)
{
    (void)in, (void)from, (void)out, (void)to, (void)size, (void)flags;
    return refused();
}
int link(const char *old, const char *target) { (void)old, (void)target; return (int)refused(); }
