# Completion of kovn-build for fish: `kovn-build completion fish` prints this file. The program typed
# is asked what may follow; its answer is never run as code.
function __kovn_build
    set -l words (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    set -l word (commandline -ct)
    for line in ($program completion fish -- $words "$word" 2>/dev/null)
        set -l parts (string match -r '^:(files|folders) (.*)$' -- $line)
        if test -z "$parts"
            echo $line
            continue
        end
        set -l rest (string sub -s (math (string length -- "$parts[3]") + 1) -- "$word")
        if test $parts[2] = folders
            string replace -r '^' -- $parts[3] (__fish_complete_directories "$rest" '')
        else
            string replace -r '^' -- $parts[3] (__fish_complete_path "$rest")
        end
    end
end
complete -c kovn-build -f -a '(__kovn_build)'
