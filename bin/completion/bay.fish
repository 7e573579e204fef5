# Completion of bay for fish: bay completion fish | source
function __bay_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l typed (string replace -r '^[\'"]' '' -- (commandline -ct))
    set -l found (bay __complete $words "$typed" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$typed"
    end
end
complete -c bay -f -a '(__bay_complete)'
