/// The version that the agent's programs print and report.
package let agentVersion = "0.1.0"
