/* A slow disk: shows a folder of this machine, and waits on each read. Many requests are served at once.

       cc slow_disk.c -o slow_disk $(pkg-config fuse3 --cflags --libs)
       SLOW_FOLDER=/real/folder SLOW_MICROSECONDS=5000 ./slow_disk -f -o max_threads=256 /mount/point

   Nothing of a file is kept by the system: each read of a program is one that waits. */
#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int top;
static struct timespec wait_time;

/* Paths begin at the mount point: "/" is the folder itself. */
static const char *below(const char *path) { return path[1] ? path + 1 : "."; }

static void *slow_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
    connection->max_background = 512;
    config->entry_timeout = config->attr_timeout = 3600;
    config->nullpath_ok = 1;
    return NULL;
}

static int slow_getattr(const char *path, struct stat *found, struct fuse_file_info *info)
{
    int failed = info && !path ? fstat((int)info->fh, found) : fstatat(top, below(path), found, AT_SYMLINK_NOFOLLOW);
    return failed ? -errno : 0;
}

static int slow_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                        struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
    (void)path, (void)offset, (void)flags;
    DIR *folder = (DIR *)info->fh;
    rewinddir(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct stat kind = {.st_ino = entry->d_ino, .st_mode = (mode_t)entry->d_type << 12};
        if (fill(buffer, entry->d_name, &kind, 0, 0))
            break;
    }
    return 0;
}

static int slow_opendir(const char *path, struct fuse_file_info *info)
{
    int file = openat(top, below(path), O_RDONLY | O_DIRECTORY);
    DIR *folder = file < 0 ? NULL : fdopendir(file);
    if (!folder)
        return -errno;
    info->fh = (uint64_t)folder;
    return 0;
}

static int slow_releasedir(const char *path, struct fuse_file_info *info)
{
    (void)path;
    closedir((DIR *)info->fh);
    return 0;
}

static int slow_open(const char *path, struct fuse_file_info *info)
{
    if ((info->flags & O_ACCMODE) != O_RDONLY)
        return -EROFS;
    int file = openat(top, below(path), O_RDONLY);
    if (file < 0)
        return -errno;
    info->fh = (uint64_t)file;
    info->direct_io = 1;
    info->noflush = 1;
    return 0;
}

static int slow_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)path;
    nanosleep(&wait_time, NULL);
    ssize_t count = pread((int)info->fh, buffer, size, offset);
    return count < 0 ? -errno : (int)count;
}

static int slow_release(const char *path, struct fuse_file_info *info)
{
    (void)path;
    close((int)info->fh);
    return 0;
}

static const struct fuse_operations operations = {
    .init = slow_init,
    .getattr = slow_getattr,
    .opendir = slow_opendir,
    .readdir = slow_readdir,
    .releasedir = slow_releasedir,
    .open = slow_open,
    .read = slow_read,
    .release = slow_release,
};

int main(int count, char **arguments)
{
    const char *folder = getenv("SLOW_FOLDER"), *microseconds = getenv("SLOW_MICROSECONDS");
    long wait = microseconds ? atol(microseconds) : 0;
    wait_time = (struct timespec){.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};
    top = open(folder ? folder : "", O_RDONLY | O_DIRECTORY);
    return top < 0 ? 1 : fuse_main(count, arguments, &operations, NULL);
}
