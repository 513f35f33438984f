import CMEI

/// Gives up all that a program of the agent does not need, for good: capabilities, new privileges, core files.
package func giveUpPrivileges() { cmei_give_up_privileges() }

/// What the program was told, without its own name; also where `/proc` is not mounted.
package func programArguments() -> [String] {
    guard let all = cmei_arguments() else { return [] }
    var (words, index): ([String], Int) = ([], 1)
    // Behind the last one there is a null pointer; without even a name there is one at the head.
    guard all[0] != nil else { return [] }
    while let word = all[index] {
        words.append(String(cString: word))
        index += 1
    }
    return words
}
