import Glibc

/// Mounts of this process's own from here on: nothing of them is seen outside, nor stays.
func haveOwnMounts() throws {
    // unshare(2) is behind _GNU_SOURCE, so Swift does not see its declaration: int unshare(int).
    guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "unshare") else { throw Trouble("there is no unshare") }
    let unshare = unsafeBitCast(symbol, to: (@convention(c) (CInt) -> CInt).self)
    let newMounts: CInt = 0x0002_0000  // CLONE_NEWNS of linux/sched.h
    guard unshare(newMounts) == 0, mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0 else {
        throw Trouble("unshare: errno \(errno)")
    }
}
