import CDiskAccess
import Glibc

/// Confines this process before it looks at anything that a stranger may have written.
///
/// - Parameters:
///   - memory: In bytes of address space.
///   - seconds: Of processor time.
///   - keepsFiles: Whether it may keep files in memory and open files for reading, as libhivex does.
/// - Throws: ``DiskFault``; nothing may be read then.
package func confine(memory: UInt64, seconds: UInt64, keepsFiles: Bool = false) throws(DiskFault) {
    let outcome = cdisk_confine(memory, seconds, keepsFiles ? 1 : 0)
    guard outcome == 0 else { throw DiskFault(.opening, outcome) }
}
