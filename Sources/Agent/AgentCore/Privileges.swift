import CMEI

/// Gives up all that a program of the agent does not need, for good: capabilities, new privileges, core files.
package func giveUpPrivileges() { cmei_give_up_privileges() }
