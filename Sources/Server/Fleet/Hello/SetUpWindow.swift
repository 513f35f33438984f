/// How long firmware that asks for its set-up stays open for it, in seconds.
///
/// It cannot be read. Source: network reference 2.3: 24 hours the first time, 6 hours each later time.
package enum SetUpWindow {
    package static let least = 6.0 * 3600
    package static let longest = 24.0 * 3600
    /// With less than this left, a job asks for more before it goes on.
    package static let reserve = 3600.0
}
